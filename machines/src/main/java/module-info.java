/// Boards: memory map, wiring, and how a guest is loaded.
module straddle.machines {
    requires transitive straddle.core;
    requires transitive straddle.devices;

    exports straddle.machines;
    exports straddle.machines.boot;
    exports straddle.machines.embedded;
    exports straddle.machines.kernel;
    exports straddle.machines.linux;
    exports straddle.machines.pc;
}
