#include "roles/request.h"

#include "base/cbor-rd.h"
#include "base/cbor-wr.h"

enum { N_REQUEST = 12, N_REPLY = 8, PEER_MAX = 64, REPLY_BODY_MAX = 65536 };

int
request_read(struct bytes in, struct request *ret)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct request request = {0};

    cbor_rd_array(&c, N_REQUEST);
    request.connection = cbor_rd_uint(&c, UINT64_MAX);
    request.kind = (enum request_kind)cbor_rd_uint(&c, REQUEST_KIND_N - 1);
    request.identity = cbor_rd_bstr(&c, LIMIT_IDENTITY);
    cbor_rd_bstr_copy(&c, request.exporter, sizeof(request.exporter));
    request.handshake_ms = (int64_t)cbor_rd_uint(&c, INT64_MAX);
    request.first_ms = (int64_t)cbor_rd_uint(&c, INT64_MAX);
    request.complete_ms = (int64_t)cbor_rd_uint(&c, INT64_MAX);
    request.peer = cbor_rd_tstr(&c, PEER_MAX);
    request.resource = (enum request_resource)cbor_rd_uint(&c, RESOURCE_N - 1);
    request.audience = cbor_rd_tstr(&c, LIMIT_NAME);
    request.size1 = (uint32_t)cbor_rd_uint(&c, UINT32_MAX);
    request.body = cbor_rd_bstr(&c, LIMIT_EVIDENCE_STREAM_BYTES);
    if (!cbor_rd_end(&c)) {
        return 1;
    }
    *ret = request;
    return 0;
}

void
request_write_head(struct wr *wr, const struct request *request)
{
    cbor_wr_array(wr, N_REQUEST);
    cbor_wr_uint(wr, request->connection);
    cbor_wr_uint(wr, request->kind);
    cbor_wr_bstr(wr, request->identity);
    cbor_wr_bstr(wr, BYTES_OF(request->exporter));
    cbor_wr_uint(wr, (uint64_t)request->handshake_ms);
    cbor_wr_uint(wr, (uint64_t)request->first_ms);
    cbor_wr_uint(wr, (uint64_t)request->complete_ms);
    cbor_wr_tstr_view(wr, request->peer);
    cbor_wr_uint(wr, request->resource);
    cbor_wr_tstr_view(wr, request->audience);
    cbor_wr_uint(wr, request->size1);
    cbor_wr_bstr_head(wr, request->body.len);
}

void
request_write(struct wr *wr, const struct request *request)
{
    request_write_head(wr, request);
    wr_bytes(wr, request->body);
}

int
reply_read(struct bytes in, struct reply *ret)
{
    struct cbor_rd c = cbor_rd_init(in);
    struct reply reply = {0};

    cbor_rd_array(&c, N_REPLY);
    reply.connection = cbor_rd_uint(&c, UINT64_MAX);
    reply.code = (uint8_t)cbor_rd_uint(&c, UINT8_MAX);
    reply.content_format = (int32_t)cbor_rd_int(&c);
    reply.max_age_s = cbor_rd_int(&c);
    reply.close = cbor_rd_bool(&c);
    reply.size1 = (uint32_t)cbor_rd_uint(&c, UINT32_MAX);
    reply.takes = (uint32_t)cbor_rd_uint(&c, UINT32_MAX);
    reply.body = cbor_rd_bstr(&c, REPLY_BODY_MAX);
    if (!cbor_rd_end(&c)) {
        return 1;
    }
    *ret = reply;
    return 0;
}

void
reply_write(struct wr *wr, const struct reply *reply)
{
    cbor_wr_array(wr, N_REPLY);
    cbor_wr_uint(wr, reply->connection);
    cbor_wr_uint(wr, reply->code);
    cbor_wr_int(wr, reply->content_format);
    cbor_wr_int(wr, reply->max_age_s);
    cbor_wr_bool(wr, reply->close);
    cbor_wr_uint(wr, reply->size1);
    cbor_wr_uint(wr, reply->takes);
    cbor_wr_bstr(wr, reply->body);
}
