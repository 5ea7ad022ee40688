package io.patchbay.core.control.http;

import java.util.Iterator;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a request is answered with.
 *
 * @param status HTTP status
 * @param type media type of the body
 * @param headers further headers
 */
public record Answer(int status, String type, Body body, Map<String, String> headers) {

    /** What is said in an answer. */
    public sealed interface Body {}

    record Whole(String text) implements Body {}

    /** Texts that make one together, each made when the client has taken those before. */
    record Parts(Iterator<String> texts) implements Body {}

    public static final String JSON = "application/json";
    public static final String TEXT = "text/plain; charset=utf-8";
    private static final String PROBLEM = "application/problem+json";

    public Answer {
        headers = Map.copyOf(headers);
    }

    public Answer(int status, String type, String body) {
        this(status, type, new Whole(body), Map.of());
    }

    public static Answer json(String body) {
        return new Answer(200, JSON, body);
    }

    /** @param parts asked for one after the other while the answer is sent, or until the client is gone */
    public static Answer json(Iterator<String> parts) {
        return new Answer(200, JSON, new Parts(parts), Map.of());
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
        return new Answer(status, PROBLEM, new Whole(body), headers);
    }
}
