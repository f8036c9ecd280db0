package straddle.launcher;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// This process's command line and environment as bytes, as execve(2) brought them: Java decodes them by the locale, and
/// what that can't express is lost.
final class RawWords {
    private static final String ARGUMENTS = "/proc/self/cmdline";
    private static final String ENVIRONMENT = "/proc/self/environ";

    private RawWords() {}

    /// The command line's last words.
    ///
    /// @param decoded as Java has them
    static List<byte[]> last(List<String> decoded) {
        List<byte[]> all = read(ARGUMENTS);
        int from = all.size() - decoded.size();
        return from < 0 ? utf8(decoded) : orDecoded(all.subList(from, all.size()), decoded);
    }

    /// The values of an option that stands before the last words.
    ///
    /// @param decoded as Java has them
    static List<byte[]> values(String option, List<String> decoded, int lastWords) {
        List<byte[]> all = read(ARGUMENTS);
        List<byte[]> values = new ArrayList<>();
        for (int i = 0; i < all.size() - lastWords; i++) {
            String word = new String(all.get(i), StandardCharsets.ISO_8859_1);
            if (word.equals(option) && i + 1 < all.size()) {
                values.add(all.get(++i));
            } else if (word.startsWith(option)) {
                String rest = word.substring(option.length());
                values.add(
                        (rest.startsWith("=") ? rest.substring(1) : rest)
                                .getBytes(StandardCharsets.ISO_8859_1));
            }
        }
        return values.size() == decoded.size() ? orDecoded(values, decoded) : utf8(decoded);
    }

    /// NAME=VALUE of each variable, or nothing if the host doesn't tell.
    static List<byte[]> environment() {
        return read(ENVIRONMENT);
    }

    /// The raw words, unless they are somebody else's: a test's, whose command line is not this process's.
    private static List<byte[]> orDecoded(List<byte[]> raw, List<String> decoded) {
        for (int i = 0; i < raw.size(); i++) {
            String word = decoded.get(i);
            if (isPlain(word)
                    && !word.equals(new String(raw.get(i), StandardCharsets.ISO_8859_1))) {
                return utf8(decoded);
            }
        }
        return List.copyOf(raw);
    }

    private static boolean isPlain(String word) {
        for (int i = 0; i < word.length(); i++) {
            if (word.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }

    private static List<byte[]> utf8(List<String> words) {
        return words.stream().map(each -> each.getBytes(StandardCharsets.UTF_8)).toList();
    }

    private static List<byte[]> read(String file) {
        List<byte[]> words = new ArrayList<>();
        try {
            byte[] all;
            try (InputStream in = new FileInputStream(file)) {
                all = in.readAllBytes();
            }
            int from = 0;
            for (int i = 0; i < all.length; i++) {
                if (all[i] == 0) {
                    words.add(java.util.Arrays.copyOfRange(all, from, i));
                    from = i + 1;
                }
            }
        } catch (IOException _) {
            // No /proc: then Java's view has to do.
        }
        return words;
    }
}
