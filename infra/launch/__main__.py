import sys

from infra.launch.cli import main

sys.exit(main(sys.argv[1:]))
