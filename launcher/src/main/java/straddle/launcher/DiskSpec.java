package straddle.launcher;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import straddle.launcher.report.Suggestions;

/// What a `--disk` says: a file, and how the guest gets it.
///
/// @param bus what the disk is attached to
/// @param raw whether the file is taken as a raw image, whatever it looks like
/// @param serial the serial number that the guest sees; none for one of ours
record DiskSpec(
        Path file,
        Bus bus,
        boolean readOnly,
        boolean snapshot,
        boolean raw,
        boolean lock,
        Optional<String> serial) {
    private static final int MAX_SERIAL = 20;

    /// QEMU's names where it has them.
    private static final List<String> KEYS =
            List.of("file", "if", "format", "readonly", "snapshot", "serial", "lock", "media");

    /// What a disk is attached to.
    enum Bus {
        VIRTIO,
        IDE
    }

    /// Reads `FILE[,KEY[=VALUE]]...`, or the same with `file=FILE` anywhere; a comma in a value is written twice.
    static DiskSpec parse(String text) throws CommandFailure {
        Map<String, String> values = new LinkedHashMap<>();
        for (String part : split(text)) {
            int equals = part.indexOf('=');
            String key = equals < 0 ? part : part.substring(0, equals);
            boolean isFile = values.isEmpty() && !KEYS.contains(key);
            if (!isFile && !KEYS.contains(key)) {
                throw unknownKey(text, key);
            }
            String value = isFile ? part : equals < 0 ? "on" : part.substring(equals + 1);
            if (values.put(isFile ? "file" : key, value) != null) {
                throw wrong(text, "it says " + (isFile ? "file" : key) + " twice");
            }
        }
        return of(text, values);
    }

    private static DiskSpec of(String text, Map<String, String> values) throws CommandFailure {
        String file = values.getOrDefault("file", "");
        if (file.isEmpty()) {
            throw wrong(text, "it names no file");
        }
        oneOf(text, values, "media", "disk");
        String bus = oneOf(text, values, "if", "virtio", "ide");
        String serial = values.get("serial");
        if (serial != null && (serial.length() > MAX_SERIAL || !serial.matches("[ -~]*"))) {
            throw wrong(text, "a serial number is up to " + MAX_SERIAL + " characters of ASCII");
        }
        return new DiskSpec(
                Path.of(file),
                "ide".equals(bus) ? Bus.IDE : Bus.VIRTIO,
                flag(text, values, "readonly", false),
                flag(text, values, "snapshot", false),
                "raw".equals(oneOf(text, values, "format", "raw")),
                flag(text, values, "lock", true),
                Optional.ofNullable(serial));
    }

    private static boolean flag(
            String text, Map<String, String> values, String key, boolean otherwise)
            throws CommandFailure {
        String value = values.getOrDefault(key, otherwise ? "on" : "off");
        return switch (value) {
            case "on", "yes", "true" -> true;
            case "off", "no", "false" -> false;
            default -> throw wrong(text, key + " is on or off, not " + value);
        };
    }

    /// The value, or null where there is none.
    private static String oneOf(
            String text, Map<String, String> values, String key, String... allowed)
            throws CommandFailure {
        String value = values.get(key);
        if (value != null && !List.of(allowed).contains(value)) {
            throw wrong(
                    text,
                    key
                            + "="
                            + value
                            + " is not possible; it can be "
                            + String.join(" or ", allowed));
        }
        return value;
    }

    private static CommandFailure unknownKey(String text, String key) {
        List<String> near = Suggestions.of(key, KEYS);
        return wrong(
                text,
                "there is no '"
                        + key
                        + "'; "
                        + (near.isEmpty()
                                ? "it takes " + String.join(", ", KEYS)
                                : "did you mean "
                                        + near.stream()
                                                .map(each -> "'" + each + "'")
                                                .collect(Collectors.joining(" or "))
                                        + "?"));
    }

    private static CommandFailure wrong(String text, String why) {
        String end = why.endsWith("?") ? "" : ".";
        return CommandFailure.usage("--disk " + text + ": " + why + end);
    }

    /// At single commas; double ones stand for one.
    private static List<String> split(String text) {
        List<String> parts = new ArrayList<>();
        StringBuilder part = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            boolean comma = text.charAt(i) == ',';
            if (comma && i + 1 < text.length() && text.charAt(i + 1) == ',') {
                part.append(',');
                i++;
            } else if (comma) {
                parts.add(part.toString());
                part.setLength(0);
            } else {
                part.append(text.charAt(i));
            }
        }
        parts.add(part.toString());
        return parts;
    }
}
