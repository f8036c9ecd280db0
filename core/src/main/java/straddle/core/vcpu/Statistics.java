package straddle.core.vcpu;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What an engine has to tell of its work, in figures: filled by each vCPU in turn, which adds up.
///
/// Figures stand in groups, both in the order of their first mention. Not thread-safe: filled while the
/// vCPUs are parked or have ended.
public final class Statistics {
    /// What a figure counts.
    public enum Unit {
        COUNT,
        NANOS,
        BYTES
    }

    /// A named figure. Names are words in lower case with spaces, such as `page walks`.
    public record Figure(String group, String name, Unit unit, long value) {}

    /// One way in which guest code ran.
    ///
    /// @param instructions retired in it, or -1 where they can't be counted
    /// @param nanos spent in it, or -1 where that was not measured
    public record Tier(String name, long instructions, long nanos) {
        private Tier plus(Tier other) {
            return new Tier(name, sum(instructions, other.instructions), sum(nanos, other.nanos));
        }

        private static long sum(long a, long b) {
            return a < 0 || b < 0 ? -1 : a + b;
        }
    }

    private final Map<String, Figure> figures = new LinkedHashMap<>();
    private final Map<String, Tier> tiers = new LinkedHashMap<>();

    /// No figures.
    public Statistics() {}

    /// Adds to a figure.
    public void add(String group, String name, Unit unit, long value) {
        figures.merge(
                group + '/' + name,
                new Figure(group, name, unit, value),
                (a, b) -> new Figure(group, name, unit, a.value + b.value));
    }

    /// Adds all of another one's.
    public void addAll(Statistics other) {
        other.tiers.values().forEach(each -> tier(each.name, each.instructions, each.nanos));
        other.figures.values().forEach(each -> add(each.group, each.name, each.unit, each.value));
    }

    /// What has been added since there was only this much: figures that are the same are left out.
    public Statistics minus(Statistics former) {
        Statistics rest = new Statistics();
        for (Tier each : tiers.values()) {
            Tier was = former.tiers.getOrDefault(each.name, new Tier(each.name, 0, 0));
            rest.tier(
                    each.name,
                    each.instructions < 0 ? -1 : each.instructions - was.instructions,
                    each.nanos < 0 ? -1 : each.nanos - was.nanos);
        }
        figures.forEach((key, each) -> {
            Figure was = former.figures.get(key);
            if (was == null || was.value != each.value) {
                long value = each.value - (was == null ? 0 : was.value);
                rest.add(each.group, each.name, each.unit, value);
            }
        });
        return rest;
    }

    /// Adds to a number of things.
    public void count(String group, String name, long value) {
        add(group, name, Unit.COUNT, value);
    }

    /// Adds to a time.
    public void nanos(String group, String name, long value) {
        add(group, name, Unit.NANOS, value);
    }

    /// Adds to a tier.
    public void tier(String name, long instructions, long nanos) {
        tiers.merge(name, new Tier(name, instructions, nanos), Tier::plus);
    }

    /// All figures, group by group.
    public List<Figure> figures() {
        Map<String, List<Figure>> groups = new LinkedHashMap<>();
        figures.values()
                .forEach(each ->
                        groups.computeIfAbsent(each.group, _ -> new ArrayList<>()).add(each));
        return groups.values().stream().flatMap(List::stream).toList();
    }

    /// Adds to a number of things, unless there are none.
    public void countAny(String group, String name, long value) {
        if (value != 0) {
            count(group, name, value);
        }
    }

    /// The value of a figure; 0 if nothing was added to it.
    public long of(String group, String name) {
        Figure figure = figures.get(group + '/' + name);
        return figure == null ? 0 : figure.value;
    }

    public List<Tier> tiers() {
        return List.copyOf(tiers.values());
    }

    /// In one line, for logs.
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Figure each : figures()) {
            text.append(text.isEmpty() ? "" : ", ")
                    .append("%,d %s".formatted(each.value, each.name))
                    .append(each.unit == Unit.NANOS ? " ns" : "");
        }
        return text.toString();
    }
}
