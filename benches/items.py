"""What the upstream answers: items of about 430 bytes with 8 meta keys, as JSON text ready to be sent."""

import hashlib
import itertools

POLICY_TYPES = ("compliance", "configuration", "conditional_access", "app_protection",
                "enrollment", "update_ring", "script", "certificate")
META_KEYS = ("version", "owner", "platform", "assigned_devices", "enabled", "etag", "region", "modified_at")
PLATFORMS = ("windows10", "macos", "ios", "android", "linux")
REGIONS = ("eu-west", "eu-north", "us-east", "us-west", "ap-south")


def external_id(number):
    """As random as ids of such an API are, so that no index is filled from one end."""
    digest = hashlib.md5(b"%d" % number).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


def policy_type(number):
    return POLICY_TYPES[number % 8]


def pick(number, parts):
    """Which of so many parts an item is in: all over the inventory, and always the same."""
    mixed = number * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    mixed = (mixed ^ mixed >> 32) * 0xD6E8FEB86659FD93 & 0xFFFFFFFFFFFFFFFF
    return (mixed >> 36) % parts


def item(number, version=0):
    key = external_id(number)
    return (f'{{"policy_type": "{POLICY_TYPES[number % 8]}", "external_id": "{key}", '
            f'"display_name": "Endpoint security baseline for site {number % 977:03} and ring {number % 13:02}, '
            f'number {number:010}", '
            f'"meta": {{"version": {version}, "owner": "endpoint-team-{number % 89:02}@devices.contoso.example", '
            f'"platform": "{PLATFORMS[number % 5]}", "assigned_devices": {number % 4096}, '
            f'"enabled": {"true" if number % 3 else "false"}, '
            f'"etag": "W/{key[24:]}{key[:8]}{key[9:13]}{key[14:18]}", "region": "{REGIONS[number % 5]}", '
            f'"modified_at": "2026-0{number % 9 + 1}-1{number % 10}T08:{number % 60:02}:00.000Z"}}}}')


def batches(numbers, batch, version=lambda number: 0):
    """JSON arrays of at most that many items each, with the number of items in each."""
    numbers = iter(numbers)
    while page := [item(number, version(number)) for number in itertools.islice(numbers, batch)]:
        yield len(page), ("[" + ",".join(page) + "]").encode()
