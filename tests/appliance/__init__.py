"""The built disk image, booted in QEMU with the kernel's real drivers: `make test-appliance`."""
