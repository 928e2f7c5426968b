// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/history_writer.h"

#include <cmath>
#include <cstdio>

#include "broker/base/base64.h"
#include "broker/base/date_time.h"
#include "broker/base/json.h"
#include "broker/mqtt/text.h"

namespace runnel::http {
namespace {

// RFC 4180. What a spreadsheet would take for a formula is text: it gets an apostrophe.
void append_csv(std::string& out, std::string_view text) {
    out += '"';
    if (!text.empty() && std::string_view("=+-@\t").find(text.front()) != std::string_view::npos) {
        double ignored = 0;
        char rest = 0;
        const std::string whole(text);
        if (std::sscanf(whole.c_str(), "%lf%c", &ignored, &rest) != 1) out += '\'';
    }
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
}

std::string number_text(double value) {
    if (!std::isfinite(value)) return "null";
    char text[32];
    std::snprintf(text, sizeof text, "%.17g", value);
    double again = 0;
    char shorter[32];
    std::snprintf(shorter, sizeof shorter, "%.15g", value);
    if (std::sscanf(shorter, "%lf", &again) == 1 && again == value) return shorter;
    return text;
}

}  // namespace

std::string_view HistoryWriter::content_type() const {
    switch (format_) {
        case HistoryFormat::Json: return "application/json";
        case HistoryFormat::Ndjson: return "application/x-ndjson";
        case HistoryFormat::Csv: return "text/csv; charset=utf-8";
    }
    return "";
}

void HistoryWriter::begin(bool of_buckets, std::string& out) const {
    if (format_ == HistoryFormat::Json) out += "{\"items\":[";
    if (format_ == HistoryFormat::Csv)
        out += of_buckets ? "time,topic,count,value,min,max,last\r\n"
                          : "time,topic,qos,retain,publisher,payload,payload_base64\r\n";
}

void HistoryWriter::separate(std::string& out) {
    if (format_ == HistoryFormat::Json && !first_) out += ',';
    first_ = false;
}

void HistoryWriter::write(const api::HistoryMessage& message, std::string& out) {
    separate(out);
    const bool is_text = mqtt::is_valid_utf8(message.payload);
    const std::string time = format_date_time(message.id.time_ms);
    if (format_ == HistoryFormat::Csv) {
        out.append(time).append(",");
        append_csv(out, message.topic);
        out.append(",").append(std::to_string(static_cast<int>(message.qos)));
        out.append(message.retain ? ",true," : ",false,");
        append_csv(out, message.publisher);
        out += ',';
        if (is_text) append_csv(out, message.payload);
        out += ',';
        if (!is_text) append_csv(out, encode_base64(message.payload));
        out += "\r\n";
        return;
    }
    {
        JsonObject object(out);
        object.text("time", time);
        object.text("topic", message.topic);
        object.text("publisher", message.publisher);
        object.number("qos", static_cast<int>(message.qos));
        object.boolean("retain", message.retain);
        object.text(is_text ? "payload" : "payload_base64", is_text ? message.payload : encode_base64(message.payload));
    }
    if (format_ == HistoryFormat::Ndjson) out += '\n';
}

double HistoryWriter::value_of(const api::HistoryBucket& bucket) const {
    switch (value_) {
        case BucketValue::Mean: return bucket.mean();
        case BucketValue::Min: return bucket.min;
        case BucketValue::Max: return bucket.max;
        case BucketValue::Sum: return bucket.sum;
        case BucketValue::Last: return bucket.last;
        case BucketValue::Count: return static_cast<double>(bucket.count);
    }
    return 0;
}

void HistoryWriter::write(const api::HistoryBucket& bucket, std::string& out) {
    separate(out);
    const std::string time = format_date_time(bucket.start_ms);
    if (format_ == HistoryFormat::Csv) {
        out.append(time).append(",");
        append_csv(out, bucket.topic);
        out.append(",").append(std::to_string(bucket.count));
        for (const double value : {value_of(bucket), bucket.min, bucket.max, bucket.last})
            out.append(",").append(number_text(value));
        out += "\r\n";
        return;
    }
    {
        JsonObject object(out);
        object.text("time", time);
        object.text("topic", bucket.topic);
        object.number("count", bucket.count);
        object.member("value") += number_text(value_of(bucket));
        object.member("min") += number_text(bucket.min);
        object.member("max") += number_text(bucket.max);
        object.member("last") += number_text(bucket.last);
    }
    if (format_ == HistoryFormat::Ndjson) out += '\n';
}

void HistoryWriter::end(int64_t to_ms, std::string& out) const {
    if (format_ != HistoryFormat::Json) return;
    out += "],\"to\":";
    append_json_string(out, format_date_time(to_ms));
    out += "}\n";
}

}  // namespace runnel::http
