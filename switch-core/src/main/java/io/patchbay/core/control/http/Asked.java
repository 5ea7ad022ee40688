package io.patchbay.core.control.http;

import java.util.Map;
import java.util.Optional;

/**
 * A request, as a route sees it.
 *
 * @param rest what follows the route's path, without a slash before it; empty if nothing does
 * @param query parameters, each of those the route knows
 * @param accept the Accept header, or empty
 */
public record Asked(String rest, Map<String, String> query, String accept) {

    public Optional<String> parameter(String name) {
        return Optional.ofNullable(query.get(name));
    }
}
