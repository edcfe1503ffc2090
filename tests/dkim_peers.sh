#!/bin/sh
exec /usr/bin/python3 "$(dirname "$0")/dkim_peers.py"
