"""Structs that several threads meet for the first time at once are read all the same, and nothing crashes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PROGRAM = '''
import sys, threading, types
from tidings.store.engine import decoder

SOURCE = """
from __future__ import annotations
import msgspec
from typing import Any
class Inner(msgspec.Struct, frozen=True):
    code: str
    more: str | None = None
    some: tuple[int, ...] = ()
class Outer(msgspec.Struct, frozen=True, array_like=True):
    error: Inner | None = None
    number: int = 0
    name: str | None = None
    tags: tuple[str, ...] = ()
    data: dict[str, Any] | None = None
"""
sys.setswitchinterval(1e-6)
code = compile(SOURCE, "structs", "exec")
row = b"[" + b",".join([b'[null,1,"a",["b"],{}]'] * 20) + b"]"
read = []
for number in range(int(sys.argv[1])):
    module = types.ModuleType(f"structs{number}")
    sys.modules[module.__name__] = module
    exec(code, module.__dict__)
    together = threading.Barrier(3)

    def work():
        together.wait()
        read.append(len(decoder(module.Outer).decode(row)))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
assert read == [20] * 3 * int(sys.argv[1]), len(read)
'''


def test_structs_met_by_several_threads_at_once(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run([sys.executable, program, "1000"], capture_output=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr.decode()
