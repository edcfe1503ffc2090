#!/bin/sh
exec /usr/bin/python3 "$(dirname "$0")/lab_domains.py"
