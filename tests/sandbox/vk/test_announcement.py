"""``python -m sandbox`` tells how to reach both APIs of VK, and they answer there."""

from __future__ import annotations

import json
import subprocess
import sys

import httpx


def test_the_first_line_opens_both_apis():
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--days", "2", "--scale", "0.01"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            form = {
                "grant_type": "client_credentials",
                "client_id": told["vk_client_id"],
                "client_secret": told["vk_client_secret"],
            }
            token = httpx.post(f"{told['vk']}/api/v2/oauth2/token.json", data=form).json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            user = httpx.get(f"{told['vk']}/api/v2/user.json", headers=headers).json()
            params = {"v": "5.131", "access_token": told["vk_legacy_token"]}
            accounts = httpx.get(f"{told['vk_legacy']}/ads.getAccounts", params=params).json()["response"]
        finally:
            process.terminate()
    assert told["vk"].endswith("/vk")
    assert told["vk_legacy"].endswith("/vk-legacy/method")
    assert str(user["id"]) == str(accounts[0]["account_id"]) == told["vk_account_id"]
