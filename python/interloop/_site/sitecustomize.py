# SPDX-License-Identifier: MIT
"""``python -m interloop`` puts this first on PYTHONPATH: it calls ``interloop.install()`` when an interpreter starts.

Every interpreter that inherits the environment runs it. One that is too old or has no interloop goes on without. The
sitecustomize that would have been found otherwise is run too, and sys.path is restored.
"""

import importlib
import os
import sys


def start(here):
    sys.path[:] = [each for each in sys.path if os.path.abspath(each) != here]
    try:
        import interloop
    except ImportError:
        return  # this environment has no interloop
    interloop.install()


def run_the_other_one():
    this = sys.modules.pop(__name__)
    try:
        importlib.import_module(__name__)  # the other one, now that this one's folder is not on sys.path
    except ImportError as error:
        if getattr(error, "name", __name__) != __name__:
            raise
    finally:
        sys.modules.setdefault(__name__, this)


if __name__ == "sitecustomize":
    try:
        start(os.path.dirname(os.path.abspath(__file__)))
    finally:
        run_the_other_one()
