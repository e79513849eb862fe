"""The console script ``studybot``."""

from __future__ import annotations

import os
import sys

from bot.cli.failures import explained
from bot.cli.output import prepare_streams, tell

INTERRUPTED = 130


def main() -> None:
    """Run the command line; known failures end as a line on stderr and an exit code."""
    prepare_streams()
    from bot.cli.app import start  # so that Ctrl-C is handled while it loads

    try:
        start(sys.argv[1:])
    except KeyboardInterrupt:
        tell("Interrupted.")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Nobody reads on; Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        known = explained(error)
        if known is None:
            raise
        words, code = known
        tell(words)
        sys.exit(code)


if __name__ == "__main__":
    main()
