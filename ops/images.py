"""Put the digest behind the tag of each image in compose.yaml and the Dockerfile, or renew it: `make images`.

A tag can be pushed anew, a digest names the bytes. All images are public ones of Docker Hub; the digest is that of
the list of platforms, so one digest is right for every machine. Files are written when all digests are known.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import httpx
import typer

ROOT = Path(__file__).parents[1]
FILES = ("compose.yaml", "Dockerfile")
IMAGE = re.compile(r"(?m)^( +image: |FROM )((?!zakaz:)[\w./-]+):([\w.-]+)(@sha256:\w*)?")
"""An image that is pulled, which our own is not: what stands before it, its name, tag and digest."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LISTS = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json"


def digest(client: httpx.Client, name: str, tag: str) -> str:
    """The digest that the registry has for a tag now; raises httpx.HTTPError or ValueError."""
    path = f"/v2/{name if '/' in name else f'library/{name}'}/manifests/{tag}"
    headers = {"Accept": _LISTS}
    response = client.head(path, headers=headers)
    if response.status_code == httpx.codes.UNAUTHORIZED:
        # Nobody's token, which the registry asks even for public images.
        asked = dict(re.findall(r'(\w+)="([^"]*)"', response.headers.get("WWW-Authenticate", "")))
        token = client.get(asked.pop("realm", ""), params=asked).raise_for_status().json()["token"]
        response = client.head(path, headers=headers | {"Authorization": f"Bearer {token}"})
    found = response.raise_for_status().headers.get("Docker-Content-Digest", "")
    if not _DIGEST.fullmatch(found):
        raise ValueError(f"the registry's digest of {name}:{tag} is {found!r}")
    return found


def pin(root: Path = ROOT, registry: str = "https://registry-1.docker.io") -> None:
    """Renew the digests; status 1 and no change where one of them cannot be had."""
    texts = {root / name: (root / name).read_text("utf-8") for name in FILES}
    images = sorted({(m[2], m[3]) for text in texts.values() for m in IMAGE.finditer(text)})
    try:
        with httpx.Client(base_url=registry, timeout=30) as client:
            digests = {image: digest(client, *image) for image in images}
    except (httpx.HTTPError, ValueError, KeyError) as error:
        print(f"Could not look up the digests: {error!r}. Nothing was changed.", file=sys.stderr)
        raise SystemExit(1) from None
    for path, text in texts.items():
        path.write_text(IMAGE.sub(lambda m: f"{m[1]}{m[2]}:{m[3]}@{digests[m[2], m[3]]}", text), "utf-8")
    for (name, tag), found in digests.items():
        print(f"{name}:{tag}@{found}")


if __name__ == "__main__":
    typer.run(pin)
