"""Helpers that several folders use: those beside this file, and two folders that others borrow from."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path += [str(HERE / "model"), str(HERE / "tenant_isolation")]
