//! One shape for every refusal: `application/problem+json` (RFC 9457) that also carries the members of requirements 42 to 46.
//! Never a stack, a query, a path of ours or a type name.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{Error, Kind};
use serde_json::{Map, Value, json};
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct Problem {
    pub error: Error,
    pub request: Option<Uuid>,
}

impl Problem {
    pub fn body(&self) -> Value {
        let error = &self.error;
        let mut body = Map::new();
        body.insert("type".into(), json!("about:blank"));
        body.insert("title".into(), json!(error.kind.title()));
        body.insert("status".into(), json!(error.kind.status()));
        body.insert("detail".into(), json!(error.message));
        body.insert("error".into(), json!(error.kind.title()));
        body.insert("message".into(), json!(error.message));
        if !error.fields.is_empty() {
            let details: Map<String, Value> =
                error.fields.iter().map(|field| (field.field.clone(), json!(field.message))).collect();
            body.insert("details".into(), Value::Object(details));
        }
        let optional = [
            ("requiredPermission", error.required_permission.clone()),
            ("userRole", error.user_role.clone()),
            ("resourceId", error.resource_id.clone()),
            ("code", error.code.clone()),
            ("requestId", self.request.map(|id| id.to_string())),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                body.insert(name.into(), Value::String(value));
            }
        }
        if let Some(conflict) = &error.conflict {
            body.insert("current".into(), conflict.current.clone());
            body.insert("conflicts".into(), json!(conflict.fields));
        }
        Value::Object(body)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.error.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, self.body().to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.error.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.error.kind == Kind::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Session"));
        }
        if let Some(conflict) = &self.error.conflict
            && let Ok(etag) = HeaderValue::from_str(&format!("\"{}\"", conflict.current_version))
        {
            headers.insert(header::ETAG, etag);
        }
        response
    }
}
