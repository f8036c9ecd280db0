package straddle.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Names of addresses in a guest, from lines of an address in hexadecimal, a letter and a name.
final class Symbols {
    static final Symbols NONE = new Symbols();

    /// A symbol that begins further away than this says nothing of an address.
    private static final long REACH = 1 << 20;

    private static final Pattern SPACE = Pattern.compile("\\s+");

    private final TreeMap<Long, String> byAddress = new TreeMap<>(Long::compareUnsigned);

    private Symbols() {}

    static Symbols read(Path file) throws CommandFailure {
        Symbols symbols = new Symbols();
        try {
            for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
                String[] words = SPACE.split(line, 4);
                if (words.length >= 3 && words[0].matches("[0-9a-fA-F]{1,16}")) {
                    symbols.byAddress.putIfAbsent(Long.parseUnsignedLong(words[0], 16), words[2]);
                }
            }
        } catch (IOException e) {
            throw CommandFailure.usage(
                    "The symbols can't be read from '" + file + "': " + e.getMessage() + ".");
        }
        if (symbols.byAddress.isEmpty()) {
            throw CommandFailure.usage(
                    "'" + file + "' has no symbols: lines of an address, a letter and a name.");
        }
        return symbols;
    }

    /// `name+0x10`, the address itself where no name fits, or nothing for -1.
    String of(long address) {
        if (address == -1) {
            return "";
        }
        Map.Entry<Long, String> before = byAddress.floorEntry(address);
        if (before == null || address - before.getKey() >= REACH) {
            return "0x" + Long.toHexString(address);
        }
        long distance = address - before.getKey();
        return before.getValue() + (distance == 0 ? "" : "+0x" + Long.toHexString(distance));
    }
}
