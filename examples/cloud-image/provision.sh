#!/bin/sh -e
# What every machine made of this image is to have.
apt-get update
apt-get install -y --no-install-recommends nginx
