"""Reads the mails of a folder with Python's own reader, an independent one, and prints them as JSON.

    python3 tests/mail.py DATA/outbox
"""

import base64
import email
import email.policy
import json
import pathlib
import sys


def read(path):
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    defects = [repr(defect) for part in mail.walk() for defect in part.defects]
    return {
        "name": path.stem,
        "headers": {name.lower(): str(value) for name, value in mail.items()},
        "to": [address.addr_spec for address in mail["to"].addresses],
        "text": mail.get_body(["plain"]).get_content(),
        "html": mail.get_body(["html"]).get_content(),
        "attachments": [
            {
                "name": part.get_filename(),
                "type": part.get_content_type(),
                "content": base64.b64encode(part.get_payload(decode=True)).decode(),
            }
            for part in mail.iter_attachments()
        ],
        "defects": defects,
    }


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    print(json.dumps([read(path) for path in sorted(folder.glob("*.eml"))]))
