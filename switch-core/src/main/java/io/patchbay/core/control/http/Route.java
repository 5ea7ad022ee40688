package io.patchbay.core.control.http;

import java.util.Set;
import java.util.function.Function;

/**
 * What answers requests for a path.
 *
 * @param method HTTP method, upper case
 * @param path without a slash at the end; a request for {@code path/more} is answered instead if {@code prefix}
 * @param parameters of the query that are known; a request with any other is refused
 */
public record Route(
        String method, String path, boolean prefix, Set<String> parameters, Function<Asked, Answer> action) {

    public static Route get(String path, Function<Asked, Answer> action) {
        return new Route("GET", path, false, Set.of(), action);
    }

    public static Route getBelow(String path, Function<Asked, Answer> action) {
        return new Route("GET", path, true, Set.of(), action);
    }

    public static Route patchBelow(String path, Function<Asked, Answer> action) {
        return new Route("PATCH", path, true, Set.of(), action);
    }

    public static Route delete(String path, Function<Asked, Answer> action) {
        return new Route("DELETE", path, false, Set.of(), action);
    }

    /** The same route, knowing some parameters. */
    public Route knowing(String... names) {
        return new Route(method, path, prefix, Set.of(names), action);
    }

    boolean matches(String requested) {
        return prefix ? requested.startsWith(path + "/") : requested.equals(path);
    }
}
