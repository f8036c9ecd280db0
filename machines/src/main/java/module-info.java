/// Boards: memory map, wiring, and how a guest is loaded.
module straddle.machines {
    requires transitive straddle.core;
    requires straddle.devices;
}
