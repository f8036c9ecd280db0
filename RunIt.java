import org.junit.platform.launcher.*;
import org.junit.platform.launcher.core.*;
import org.junit.platform.launcher.listeners.*;
import org.junit.platform.engine.discovery.*;

public class RunIt {
    public static void main(String[] a) throws Exception {
        var b = LauncherDiscoveryRequestBuilder.request();
        for (String s : a) b.selectors(DiscoverySelectors.selectClass(s));
        var l = new SummaryGeneratingListener();
        LauncherFactory.create().execute(b.build(), l);
        l.getSummary().printFailuresTo(new java.io.PrintWriter(System.out), 12);
        System.out.println(
                l.getSummary().getTestsSucceededCount()
                        + " ok "
                        + l.getSummary().getTestsFailedCount()
                        + " failed "
                        + l.getSummary().getTestsSkippedCount()
                        + " skipped");
        System.exit(0);
    }
}
