package straddle.launcher.debian;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddedFileTest {
    @TempDir private Path directory;
    private Path file;

    @BeforeEach
    void makeAFile() throws IOException {
        file = Files.createFile(directory.resolve("a:b"));
    }

    @Test
    void withoutAPlaceItIsInTheHomeDirectory() throws GuestException {
        assertEquals("/root/a:b", AddedFile.parse(file.toString()).guest());
        assertEquals(file, AddedFile.parse(file.toString()).host());
    }

    @ParameterizedTest
    @CsvSource({"/x, /x", "/etc/, /etc", "//a///b, /a/b"})
    void thePlaceIsAnAbsolutePath(String given, String place) throws GuestException {
        assertEquals(place, AddedFile.parse(file + ":" + given).guest());
    }

    @ParameterizedTest
    @CsvSource({"/", "/..", "/a/../../b", "/./a"})
    void aPlaceThatIsNoneIsRefused(String place) {
        refuses(file + ":" + place, "path");
    }

    @Test
    void whatIsNotThereIsRefused() {
        refuses(directory + "/none", "There is no file");
        refuses("", "HOST");
        refuses("a\0b", "no file name");
        refuses("/dev/null", "neither a file nor a directory");
    }

    private static void refuses(String text, String why) {
        String sentence =
                assertThrows(GuestException.class, () -> AddedFile.parse(text)).getMessage();
        assertTrue(sentence.contains(why), sentence);
        assertTrue(sentence.endsWith(".") || sentence.endsWith("x."), sentence);
    }
}
