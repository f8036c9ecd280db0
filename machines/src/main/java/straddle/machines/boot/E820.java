package straddle.machines.boot;

/// A range of the memory map that a PC's guest is told.
///
/// @param type as ACPI's address map has it (ACPI 6.5, table 15.3)
public record E820(long start, long length, int type) {
    public static final int RAM = 1;
    public static final int RESERVED = 2;
    public static final int ACPI = 3;

    public long end() {
        return start + length;
    }
}
