// Verifies tokens with code that is not ours: JWT with jose, CWT with cborg and Node's own crypto.
// Reads one JSON job a line {kind, token (base64), keys (path), iss, aud, now, alg?} and answers one
// JSON line {ok, error?, claims?} each.
import { createInterface } from 'node:readline';
import { createPublicKey, createHash, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { decode, encode } from 'cborg';

function need(condition, what) {
    if (!condition) {
        throw new Error(what);
    }
}

async function checkJwt(job) {
    const jwks = createLocalJWKSet(JSON.parse(readFileSync(job.keys, 'utf8')));
    const options = {
        issuer: job.iss, audience: job.aud, algorithms: [job.alg ?? 'ES256'], typ: 'JWT',
        currentDate: new Date(job.now * 1000),
        requiredClaims: ['exp', 'iat', 'nbf', 'jti', 'sub'],
    };
    const text = Buffer.from(job.token, 'base64').toString('latin1');

    return (await jwtVerify(text, jwks, options)).payload;
}

const strict = {
    useMaps: true, strict: true, allowIndefinite: false, allowUndefined: false,
    rejectDuplicateMapKeys: true,
};

/* Tag 18 handed through as its content, wrapped so that it can be told from none. */
class Sign1 {
    constructor(parts) {
        this.parts = parts;
    }
}

function cbor(bytes) {
    const tags = [];

    tags[18] = (content) => new Sign1(typeof content === 'function' ? content() : content);
    return decode(bytes, { ...strict, tags });
}

function keyNamed(path, kid) {
    const sets = cbor(readFileSync(path));
    const key = sets.find((one) => Buffer.compare(one.get(2), kid) === 0);

    need(key, 'no key of that name');
    need(key.get(1) === 2 && key.get(3) === -7 && key.get(-1) === 1, 'not an ES256 key');
    const x = Buffer.from(key.get(-2));
    const y = Buffer.from(key.get(-3));
    // RFC 9679: deterministic {1: 2, -1: 1, -2: x, -3: y}
    const head = Buffer.from('a401022001215820', 'hex');
    const thumb = createHash('sha256')
        .update(Buffer.concat([head, x, Buffer.from('225820', 'hex'), y])).digest();
    need(Buffer.compare(thumb, kid) === 0, 'kid is not the thumbprint');
    return createPublicKey({
        format: 'jwk',
        key: { kty: 'EC', crv: 'P-256', x: x.toString('base64url'), y: y.toString('base64url') },
    });
}

function checkCwt(job) {
    const message = cbor(Buffer.from(job.token, 'base64'));

    need(message instanceof Sign1 && message.parts.length === 4, 'not a COSE_Sign1');
    const [protectedBytes, unprotectedMap, payload, signature] = message.parts;
    const header = cbor(protectedBytes);

    need(unprotectedMap.size === 0, 'unprotected parameters');
    need(header.get(1) === -7 && header.get(16) === 263 && !header.has(2), 'another header');
    const key = keyNamed(job.keys, header.get(4));
    const toBeSigned = encode(['Signature1', protectedBytes, new Uint8Array(0), payload]);
    need(verify('sha256', toBeSigned, { key, dsaEncoding: 'ieee-p1363' }, signature), 'signature');
    const claims = cbor(payload);

    need(claims.get(1) === job.iss, 'issuer');
    need(claims.get(3) === job.aud, 'audience');
    need(claims.get(4) > job.now && claims.get(6) <= job.now, 'time');
    return Object.fromEntries([...claims].map(([name, value]) => [name, plain(value)]));
}

function plain(value) {
    if (value instanceof Map) {
        return Object.fromEntries([...value].map(([name, inner]) => [name, plain(inner)]));
    }
    return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

for await (const line of createInterface({ input: process.stdin })) {
    const job = JSON.parse(line);
    let answer;

    try {
        answer = { ok: true, claims: await (job.kind === 'jwt' ? checkJwt(job) : checkCwt(job)) };
    } catch (error) {
        answer = { ok: false, error: error.code ?? error.message };
    }
    console.log(JSON.stringify(answer));
}
