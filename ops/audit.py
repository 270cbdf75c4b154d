"""Ask OSV for known vulnerabilities of all that the given locks pin: `make audit`.

Status 0: looked, none is known. 1: some are known. 3: could not look, so nothing is known; never 0 then.
pip-audit does the work; its own status is 1 both for what it found and where it could not look.
"""

from __future__ import annotations

import json
import subprocess
import sys

COULD_NOT_LOOK = 3


def audit(locks: list[str]) -> int:
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--require-hashes",
        "--disable-pip",
        "--vulnerability-service=osv",
    ]
    command += ["--format=json", "--progress-spinner=off", *(f"--requirement={lock}" for lock in locks)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return could_not_look((done.stderr.strip() or f"pip-audit ended with {done.returncode}").splitlines()[-1])
    if skipped := [package for package in packages if "skip_reason" in package]:
        return could_not_look(f"{skipped[0]['name']}: {skipped[0]['skip_reason']}")
    if not packages:
        return could_not_look("no package in these locks")
    found = [(package, vulnerability) for package in packages for vulnerability in package["vulns"]]
    for package, vulnerability in found:
        fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {vulnerability['id']}, fixed in {fixed}")
    print(f"{len(found)} known vulnerabilities in {len(packages)} packages")
    return 1 if found else 0


def could_not_look(why: str) -> int:
    print(f"Could not look: {why[:400]}. Nothing is known of vulnerabilities.", file=sys.stderr)
    return COULD_NOT_LOOK


if __name__ == "__main__":
    sys.exit(audit(sys.argv[1:]))
