#!/bin/sh -e
echo "$MOTTO, by the builder $PACKER_BUILDER_TYPE" >/etc/motto
cat /etc/motto
sync
