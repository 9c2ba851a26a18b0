"""Starts the emulator, by the Python that it is installed for.

Its Lambda Runtime API sends an answer in two parts. The second would wait for the acknowledgement of the first, which
Linux delays by 40 ms: four times in each request of an API.
"""

import socketserver
import sys

from ministack.app import main

socketserver.StreamRequestHandler.disable_nagle_algorithm = True
sys.exit(main())
