package straddle.launcher.debian;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.tukaani.xz.XZInputStream;

/// A kernel's loadable modules, and the tables by which modprobe finds them (modules.dep(5)); Debian makes those when
/// it installs a kernel, so a package lacks them.
final class KernelModules {
    private static final Pattern FILE =
            Pattern.compile("(?:usr/)?lib/modules/([^/]+)/kernel/.*/([^/]+)\\.ko(\\.xz)?");

    private final Map<String, byte[]> files = new TreeMap<>();
    private String version = "";

    /// Takes in a file of a kernel's package, if it is a module.
    ///
    /// @return whether it is
    boolean add(String path, byte[] content) throws IOException {
        Matcher matcher = FILE.matcher(path);
        if (!matcher.matches()) {
            return false;
        }
        version = matcher.group(1);
        files.put(name(matcher.group(2)), matcher.group(3) == null ? content : unpacked(content));
        return true;
    }

    private static byte[] unpacked(byte[] content) throws IOException {
        try (XZInputStream in = new XZInputStream(new ByteArrayInputStream(content))) {
            return in.readAllBytes();
        }
    }

    /// In names, `-` and `_` are the same.
    private static String name(String text) {
        return text.replace('-', '_');
    }

    /// Adds some modules and all that they need to an initrd.
    ///
    /// @param wanted by name; one that this kernel lacks, or has built in, is left out
    void install(Collection<String> wanted, Initrd initrd) {
        Set<String> chosen = new LinkedHashSet<>();
        Set<String> seen = new HashSet<>();
        wanted.forEach(each -> collect(name(each), seen, chosen));
        String directory = "/lib/modules/" + version;
        StringBuilder dependencies = new StringBuilder();
        StringBuilder aliases = new StringBuilder();
        for (String each : chosen) {
            initrd.file(directory + "/" + each + ".ko", files.get(each), false);
            Set<String> needed = new LinkedHashSet<>();
            collect(each, new HashSet<>(), needed);
            needed.remove(each);
            dependencies.append(each).append(".ko:");
            // modprobe loads from the last to the first.
            new ArrayList<>(needed)
                    .reversed()
                    .forEach(one -> dependencies.append(' ').append(one).append(".ko"));
            dependencies.append('\n');
            values(each, "alias=")
                    .forEach(alias -> aliases.append("alias %s %s\n".formatted(alias, each)));
        }
        initrd.file(directory + "/modules.dep", dependencies.toString());
        initrd.file(directory + "/modules.alias", aliases.toString());
    }

    /// A module after all that it needs.
    private void collect(String name, Set<String> seen, Set<String> into) {
        if (!files.containsKey(name) || !seen.add(name)) {
            return;
        }
        for (String needed : values(name, "depends=").findFirst().orElse("").split(",", -1)) {
            collect(name(needed), seen, into);
        }
        into.add(name);
    }

    /// The values of a key in the module's `.modinfo`, which is a list of strings that each end with a zero byte.
    private Stream<String> values(String name, String key) {
        String text = new String(files.get(name), StandardCharsets.ISO_8859_1);
        List<String> values = new ArrayList<>();
        String start = "\0" + key;
        for (int at = text.indexOf(start); at >= 0; at = text.indexOf(start, at + 1)) {
            int end = text.indexOf('\0', at + 1);
            if (end > 0) {
                values.add(text.substring(at + start.length(), end));
            }
        }
        return values.stream();
    }
}
