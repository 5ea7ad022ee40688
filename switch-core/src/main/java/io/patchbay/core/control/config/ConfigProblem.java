package io.patchbay.core.control.config;

/**
 * One thing that is wrong with a configuration.
 *
 * @param source the file
 * @param line from 1; 0 if the problem is with the file as a whole
 * @param column from 1; 0 if the problem is with the file as a whole
 * @param path JSON path of the value, such as {@code $.ports[0].name}
 * @param what the value or key that is wrong
 * @param why what is wrong with it, and what is allowed
 */
public record ConfigProblem(String source, int line, int column, String path, String what, String why) {

    /** One line, for a terminal. */
    @Override
    public String toString() {
        return source + (line > 0 ? ":" + line + ":" + column : "") + ": " + path + ": " + what + ": " + why;
    }
}
