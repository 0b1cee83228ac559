-- An artifact need not be a disk: what kind of file it is stands in its media type, which is any text.
ALTER TABLE artifact RENAME COLUMN format TO media_type;

UPDATE artifact SET media_type = CASE media_type
  WHEN 'qcow2' THEN 'application/x-qemu-disk'
  WHEN 'raw'   THEN 'application/x-raw-disk-image'
  ELSE 'application/octet-stream'
END;
