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

variable "more_disks" {
  type    = list(string)
  default = []
}

variable "password" {
  type    = string
  default = "tiny"
}

variable "licence" {
  type        = string
  default     = "AAAA-BBBB-CCCC"
  description = "what the system is licensed by; shown nowhere"
  sensitive   = true
}

locals {
  made = formatdate("YYYY-MM-DD", timestamp())
  name = "${var.hostname}-${replace(local.made, "-", "")}"
}

source "qemu" "tiny" {
  disk_image           = true
  iso_url              = "media:tiny/installed.qcow2"
  iso_checksum         = "none"
  skip_resize_disk     = true
  disk_additional_size = var.more_disks
  format               = "qcow2"
  memory               = 256
  headless             = true
  qemuargs             = [["-nographic"]]
  boot_wait            = "-1s"
  boot_steps = [
    ["<expect \"login: $\" 2m>root<enter><expect \"Password: ?$\">${var.password}<enter>", "log in"],
    ["<expect \"# $\">mkdir -p /root/.ssh<enter>", "make room for the key"],
    ["<expect \"# $\">echo '{{ .SSHPublicKey }}' >/root/.ssh/authorized_keys<enter>", "let the build in"],
  ]
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
      MOTTO   = "${var.motto}, ${local.made}"
      LICENCE = var.licence
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
