packer {
  required_version = ">= 1.9.0"
  required_plugins {
    qemu = {
      source  = "github.com/hashicorp/qemu"
      version = "~> 1"
    }
  }
}

variable "hostname" {
  type        = string
  default     = "tiny"
  description = "host name of the system"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.hostname))
    error_message = "A host name has small letters, digits and dashes."
  }
}

variable "motto" {
  type    = string
  default = "built by imaged"
}

variable "disks" {
  type    = list(string)
  default = ["256M"]
}

locals {
  made = formatdate("YYYY-MM-DD", timestamp())
  name = "${var.hostname}-${replace(local.made, "-", "")}"
}

source "qemu" "tiny" {
  disk_image           = true
  iso_url              = "media:tiny/installed.qcow2"
  iso_checksum         = "none"
  disk_size            = var.disks[0]
  disk_additional_size = slice(var.disks, 1, length(var.disks))
  format               = "qcow2"
  memory               = 256
  headless             = true
  ssh_username         = "root"
  ssh_password         = "tiny"
  ssh_timeout          = "3m"
  shutdown_command     = "halt -p"
  vm_name              = "${local.name}.qcow2"
}

build {
  sources = ["source.qemu.tiny"]

  provisioner "shell" {
    env = {
      MOTTO = "${var.motto}, ${local.made}"
    }
    script = "${path.root}/scripts/motto.sh"
  }

  provisioner "shell" {
    inline = [for fact in ["uname -sr", "hostname"] : "${fact} >>/etc/motto"]
  }

  post-processor "checksum" {
    checksum_types = ["sha256"]
  }
}
