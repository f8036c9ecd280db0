package straddle.core.user;

/// A range of a program's addresses with one origin and one set of rights, as mmap(2) makes it.
///
/// @param start a page's address; unsigned, but below 2^48
/// @param end behind the last byte
/// @param protection PROT_READ, PROT_WRITE and PROT_EXEC as asked for
/// @param shared whether stores are seen by others
/// @param source null for zeroes
/// @param offset into the source at `start`
/// @param name what /proc/PID/maps shows where there is no source, such as `[heap]`; may be empty
public record Mapping(
        long start,
        long end,
        int protection,
        boolean shared,
        PageSource source,
        long offset,
        String name) {

    /// A part of it, or the same moved on, if that has the same origin.
    Mapping part(long from, long to) {
        return new Mapping(from, to, protection, shared, source, offset + from - start, name);
    }

    Mapping protectedBy(int newProtection) {
        return new Mapping(start, end, newProtection, shared, source, offset, name);
    }

    boolean continues(Mapping before) {
        return before.end == start
                && before.protection == protection
                && before.shared == shared
                && before.source == source
                && before.name.equals(name)
                && (source == null || before.offset + start - before.start == offset);
    }
}
