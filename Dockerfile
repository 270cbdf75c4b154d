# One image for the Prefect server, the workers and the setup: all of them must have the same Prefect and the same
# versions beside it. Not Prefect's own image, which bounds neither (see pyproject.toml). Without the embedded
# engine: the warehouse is a ClickHouse server.
#
#     docker build --tag zakaz .
#
# A tag can be pushed anew, a digest cannot: the digest decides, and `make images` renews it.

FROM python:3.11.16-slim-bookworm@sha256:0bee7276f83efd4a1ee05bbbf4281d95ed28e079220a9457f25a93e3f1e3c31b AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
WORKDIR /build
# pip and what builds Zakaz stay in this stage. Nothing is installed but what a lock names with its hash.
COPY requirements/build.txt requirements/server.txt requirements/
RUN pip install --require-hashes --no-deps --requirement requirements/build.txt \
    && python -m venv --without-pip /opt/zakaz \
    && pip --python /opt/zakaz install --require-hashes --no-deps --requirement requirements/server.txt
# Zakaz last, since it changes more often than what it needs.
COPY . .
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
    && pip --python /opt/zakaz install --no-deps --no-index /dist/*.whl \
    && pip --python /opt/zakaz check


FROM python:3.11.16-slim-bookworm@sha256:0bee7276f83efd4a1ee05bbbf4281d95ed28e079220a9457f25a93e3f1e3c31b
# A fixed number, since files on volumes belong to numbers and not to names.
RUN groupadd --system --gid 10001 zakaz \
    && useradd --system --uid 10001 --gid zakaz --home-dir /var/lib/zakaz --no-create-home --shell /usr/sbin/nologin zakaz \
    && install --directory --owner zakaz --group zakaz --mode 0700 /var/lib/zakaz /var/lib/zakaz/data /var/lib/zakaz/reports \
        /var/lib/zakaz/secrets
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
