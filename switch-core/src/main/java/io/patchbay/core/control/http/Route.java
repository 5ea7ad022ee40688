package io.patchbay.core.control.http;

import java.util.function.Function;

/**
 * What answers requests for a path.
 *
 * @param method HTTP method, upper case
 * @param path without a slash at the end; a request for {@code path/more} is answered too if {@code prefix}
 */
public record Route(String method, String path, boolean prefix, Function<Asked, Answer> action) {

    public static Route get(String path, Function<Asked, Answer> action) {
        return new Route("GET", path, false, action);
    }

    public static Route getBelow(String path, Function<Asked, Answer> action) {
        return new Route("GET", path, true, action);
    }

    public static Route delete(String path, Function<Asked, Answer> action) {
        return new Route("DELETE", path, false, action);
    }

    boolean matches(String requested) {
        return prefix ? requested.startsWith(path + "/") : requested.equals(path);
    }
}
