package io.patchbay.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/** Rows out of JSON. */
final class Rows {

    private Rows() {}

    /** A row for each element of an array. */
    static List<List<String>> of(JsonNode array, Function<JsonNode, List<String>> row) {
        List<List<String>> rows = new ArrayList<>();
        array.forEach(element -> rows.add(row.apply(element)));
        return rows;
    }

    /** The scalar at a dotted path. */
    static String at(JsonNode node, String path) {
        return node.at("/" + path.replace('.', '/')).asString("");
    }

    /** Every scalar below a node as a row of its path and its value. */
    static List<List<String>> flat(JsonNode node) {
        List<List<String>> rows = new ArrayList<>();
        flatten("", node, rows);
        return rows;
    }

    private static void flatten(String path, JsonNode node, List<List<String>> rows) {
        if (node.isObject()) {
            node.properties()
                    .forEach(property -> flatten(
                            path.isEmpty() ? property.getKey() : path + "." + property.getKey(),
                            property.getValue(),
                            rows));
        } else if (node.isArray() && !node.isEmpty() && node.get(0).isContainer()) {
            for (int i = 0; i < node.size(); i++) {
                flatten(path + "[" + i + "]", node.get(i), rows);
            }
        } else if (node.isArray()) {
            List<String> items = new ArrayList<>();
            node.forEach(item -> items.add(item.asString("")));
            rows.add(List.of(path, String.join(" ", items)));
        } else {
            rows.add(List.of(path, node.isNull() ? "-" : node.asString("")));
        }
    }
}
