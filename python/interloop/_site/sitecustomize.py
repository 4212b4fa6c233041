# SPDX-License-Identifier: MIT
"""What ``python -m interloop`` puts ahead of all else on PYTHONPATH: ``interloop.install()`` as an interpreter starts.

Every interpreter that inherits the environment runs it, also one that is older or has no interloop: that one goes on
without. The sitecustomize that there would be otherwise is run, too, and sys.path is as it would be.
"""

import importlib
import os
import sys


def start(here):
    sys.path[:] = [each for each in sys.path if os.path.abspath(each) != here]
    try:
        import interloop
    except ImportError:
        return  # another environment
    interloop.install()


def run_the_other_one():
    this = sys.modules.pop(__name__)
    try:
        importlib.import_module(__name__)  # another one, now that sys.path is without this one's folder
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
