package straddle.core.accel;

/// What an engine is asked to measure while it runs a guest. What is not asked for costs nothing.
///
/// @param tierTimes how the time divides between the engine's ways of running guest code
public record Observation(boolean tierTimes) {
    public static final Observation NONE = new Observation(false);
}
