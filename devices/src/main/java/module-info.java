/// Chips and buses as the guest sees them, with their host side behind small interfaces.
module straddle.devices {
    requires transitive straddle.core;

    exports straddle.devices;
    exports straddle.devices.acpi;
    exports straddle.devices.block;
    exports straddle.devices.debug;
    exports straddle.devices.dma;
    exports straddle.devices.firmware;
    exports straddle.devices.ide;
    exports straddle.devices.input;
    exports straddle.devices.irq;
    exports straddle.devices.pci;
    exports straddle.devices.rtc;
    exports straddle.devices.serial;
    exports straddle.devices.timer;
    exports straddle.devices.virtio;
}
