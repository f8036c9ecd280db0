package straddle.launcher.report;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;

/// JSON as the `--json` options print it.
public final class Json {
    private Json() {}

    /// Indented, with every field in the order it was added.
    public static String pretty(JsonElement element) {
        return new GsonBuilder()
                .setPrettyPrinting()
                .disableHtmlEscaping()
                .serializeNulls()
                .create()
                .toJson(element);
    }
}
