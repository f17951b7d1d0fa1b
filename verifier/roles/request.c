#include "roles/request.h"

#include "base/cbor-rd.h"
#include "base/cbor-wr.h"

enum { N_REQUEST = 11, N_REPLY = 6, PEER_MAX = 64, BODY_MAX = 1024 * 1024 };

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
    request.body = cbor_rd_bstr(&c, BODY_MAX);
    if (!cbor_rd_end(&c)) {
        return 1;
    }
    *ret = request;
    return 0;
}

void
request_write(struct wr *wr, const struct request *request)
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
    cbor_wr_bstr(wr, request->body);
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
    reply.body = cbor_rd_bstr(&c, BODY_MAX);
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
    cbor_wr_bstr(wr, reply->body);
}
