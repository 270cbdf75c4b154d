# One image for the Prefect server, the workers and the setup: all of them must have the same Prefect and the same
# versions beside it. Not Prefect's own image: it leaves fastapi and SQLAlchemy unbounded, and with newer ones its server
# does not start or never creates a run (see pyproject.toml).
#
#     docker build --tag zakaz .
#
# A tag can be pushed anew. To build on exactly these bytes, put what this prints behind the tag of both FROM lines,
# as @sha256:...:
#
#     docker buildx imagetools inspect python:3.11.17-slim-bookworm --format '{{json .Manifest.Digest}}'

FROM python:3.11.17-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
WORKDIR /build
RUN python -m venv /opt/zakaz
# What Zakaz needs first, since it changes less often than Zakaz does. With s3: several machines may share a landing area.
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; print(*p['dependencies'], *p['optional-dependencies']['s3'], sep='\n')" > requirements.txt \
    && /opt/zakaz/bin/pip install --constraint constraints.txt --requirement requirements.txt
COPY . .
RUN /opt/zakaz/bin/pip install --no-deps --constraint constraints.txt . \
    && /opt/zakaz/bin/pip check


FROM python:3.11.17-slim-bookworm
# A fixed number, since files on volumes belong to numbers and not to names.
RUN groupadd --system --gid 10001 zakaz \
    && useradd --system --uid 10001 --gid zakaz --home-dir /var/lib/zakaz --no-create-home --shell /usr/sbin/nologin zakaz \
    && install --directory --owner zakaz --group zakaz --mode 0700 /var/lib/zakaz /var/lib/zakaz/data /var/lib/zakaz/secrets
COPY --from=build /opt/zakaz /opt/zakaz
ENV PATH=/opt/zakaz/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ZAKAZ_HOME=/var/lib/zakaz \
    # The root file system may be read-only: what Prefect keeps for itself is gone with the container.
    PREFECT_HOME=/tmp/prefect \
    PREFECT_SERVER_UI_STATIC_DIRECTORY=/tmp/prefect-ui \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT=false \
    DO_NOT_TRACK=1
WORKDIR /var/lib/zakaz
USER 10001:10001
# No HEALTHCHECK here: a server, a worker and a setup that ends are healthy in different ways. compose.yaml has theirs.
CMD ["zakaz", "--help"]
