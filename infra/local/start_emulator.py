"""Starts the emulator, by the Python that it is installed for.

Its Lambda Runtime API sends an answer in two parts. The second would wait for the acknowledgement of the first, which
Linux delays by 40 ms: four times in each request of an API.
"""

import os
import socketserver
import sys

from ministack.app import main

sys.dont_write_bytecode = True

import as_cloudformation

socketserver.StreamRequestHandler.disable_nagle_algorithm = True
if "UPDATE_SEED" in os.environ:
    as_cloudformation.update_stacks(os.environ["UPDATE_SEED"])
sys.exit(main())
