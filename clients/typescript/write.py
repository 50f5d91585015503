"""Write the OpenAPI document to the file named: `python clients/typescript/write.py FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tidings.api.openapi import document
from tidings.app import every_endpoint

if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(document(every_endpoint()), indent=1), encoding="utf-8")
