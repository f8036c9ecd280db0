/// Chips and buses as the guest sees them, with their host side behind small interfaces.
module straddle.devices {
    requires transitive straddle.core;

    exports straddle.devices;
    exports straddle.devices.debug;
}
