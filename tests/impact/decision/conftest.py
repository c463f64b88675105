"""Let the tests import the modules beside them, as the command does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
