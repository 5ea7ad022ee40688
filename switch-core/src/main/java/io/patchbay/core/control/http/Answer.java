package io.patchbay.core.control.http;

import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a request is answered with.
 *
 * @param status HTTP status
 * @param type media type of the body
 * @param headers further headers
 */
public record Answer(int status, String type, String body, Map<String, String> headers) {

    public static final String JSON = "application/json";
    public static final String TEXT = "text/plain; charset=utf-8";
    private static final String PROBLEM = "application/problem+json";

    public Answer {
        headers = Map.copyOf(headers);
    }

    public Answer(int status, String type, String body) {
        this(status, type, body, Map.of());
    }

    public static Answer json(String body) {
        return new Answer(200, JSON, body);
    }

    public static Answer text(int status, String body) {
        return new Answer(status, TEXT, body);
    }

    /** A failure as RFC 9457 writes it. */
    public static Answer problem(int status, String detail) {
        return problem(status, detail, Map.of());
    }

    static Answer problem(int status, String detail, Map<String, String> headers) {
        String body = JsonMapper.shared()
                .createObjectNode()
                .put("status", status)
                .put("detail", detail)
                .toString();
        return new Answer(status, PROBLEM, body, headers);
    }
}
