//! `nat lsp`: the language server, over standard input and output.
//!
//! The main thread answers questions from what is known of a text; a worker checks texts in the background, a moment after
//! they were changed last, and gives up a check whose text has changed again.

mod actions;
mod analyse;
mod complete;
mod document;
mod locals;
mod meaning;
mod missing;
mod names;
mod open;
mod place;
mod rename;
mod shapes;
mod tokens;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lsp_server::{Connection, Message, Notification, Request, Response};
use lsp_types::{
    CodeActionParams, CodeActionProviderCapability, CompletionOptions, CompletionParams, CompletionTriggerKind,
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams, DocumentFormattingParams,
    DocumentHighlightParams, DocumentSymbolParams, GotoDefinitionParams, HoverParams, HoverProviderCapability,
    InitializeParams, InlayHintParams, OneOf, PublishDiagnosticsParams, ReferenceParams, RenameOptions, RenameParams,
    SemanticTokensFullOptions, SemanticTokensOptions, SemanticTokensParams, ServerCapabilities,
    TextDocumentPositionParams, TextDocumentSyncCapability, TextDocumentSyncKind, Url, WorkDoneProgressOptions,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::status;
use analyse::Analysis;
use document::Document;

/// A text is checked when it has not changed for so long.
const QUIET: Duration = Duration::from_millis(200);

/// What the threads share.
struct Shared {
    documents: Mutex<BTreeMap<Url, Document>>,
    analyses: Mutex<BTreeMap<Url, Arc<Analysis>>>,
    /// The number of the last change: a check of an older text is given up.
    change: Arc<AtomicU64>,
    /// The folders that the editor works in.
    folders: Vec<PathBuf>,
}

/// Runs `nat lsp` and returns the exit status.
pub fn run() -> u8 {
    let (connection, threads) = Connection::stdio();
    let done = serve(&connection);
    drop(connection);
    let joined = threads.join();
    match (done, joined) {
        (Ok(()), Ok(())) => status::OK,
        (Err(message), _) => {
            super::out::Out::new(false).error(&format!("nat: the language server has ended: {message}"));
            status::OUTPUT
        }
        (_, Err(e)) => {
            super::out::Out::new(false).error(&format!("nat: the language server has ended: {e}"));
            status::OUTPUT
        }
    }
}

fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::FULL)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        document_highlight_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        })),
        completion_provider: Some(CompletionOptions {
            // Of `std.`; elsewhere nothing is offered behind a point.
            trigger_characters: Some(vec![".".to_owned()]),
            ..CompletionOptions::default()
        }),
        document_formatting_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        code_action_provider: Some(CodeActionProviderCapability::Simple(true)),
        inlay_hint_provider: Some(OneOf::Left(true)),
        semantic_tokens_provider: Some(
            SemanticTokensOptions {
                legend: tokens::legend(),
                full: Some(SemanticTokensFullOptions::Bool(true)),
                ..SemanticTokensOptions::default()
            }
            .into(),
        ),
        ..ServerCapabilities::default()
    }
}

fn serve(connection: &Connection) -> Result<(), String> {
    let capabilities = serde_json::to_value(capabilities()).map_err(|e| e.to_string())?;
    let parameters = connection.initialize(capabilities).map_err(|e| e.to_string())?;
    let parameters: InitializeParams = serde_json::from_value(parameters).map_err(|e| e.to_string())?;
    let folders = folders(&parameters);
    let refreshes =
        parameters.capabilities.workspace.and_then(|w| w.inlay_hint).and_then(|h| h.refresh_support).unwrap_or(false);
    let shared = Arc::new(Shared {
        documents: Mutex::new(BTreeMap::new()),
        analyses: Mutex::new(BTreeMap::new()),
        change: Arc::new(AtomicU64::new(0)),
        folders,
    });
    let (changed, changes) = channel();
    let worker = Worker { shared: Arc::clone(&shared), send: connection.sender.clone(), refreshes };
    std::thread::Builder::new()
        .name("nat-lsp".to_owned())
        .stack_size(super::run::STACK)
        .spawn(move || worker.run(&changes))
        .map_err(|e| e.to_string())?;
    for message in &connection.receiver {
        match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request).map_err(|e| e.to_string())? {
                    return Ok(());
                }
                let response = answer(&shared, request);
                connection.sender.send(Message::Response(response)).map_err(|e| e.to_string())?;
            }
            Message::Notification(note) => notice(&shared, note, &changed),
            Message::Response(_) => {}
        }
    }
    Ok(())
}

/// A text was opened, changed or closed.
fn notice(shared: &Shared, note: Notification, changed: &Sender<Url>) {
    let set = |uri: Url, text: String, version: i32| {
        if let Ok(mut documents) = shared.documents.lock() {
            documents.insert(uri.clone(), Document::new(&uri, &text, version));
        }
        shared.change.fetch_add(1, Ordering::SeqCst);
        let _ = changed.send(uri);
    };
    match note.method.as_str() {
        "textDocument/didOpen" => {
            if let Ok(p) = serde_json::from_value::<DidOpenTextDocumentParams>(note.params) {
                set(p.text_document.uri, p.text_document.text, p.text_document.version);
            }
        }
        "textDocument/didChange" => {
            if let Ok(p) = serde_json::from_value::<DidChangeTextDocumentParams>(note.params)
                && let Some(last) = p.content_changes.into_iter().next_back()
            {
                set(p.text_document.uri, last.text, p.text_document.version);
            }
        }
        "textDocument/didClose" => {
            if let Ok(p) = serde_json::from_value::<DidCloseTextDocumentParams>(note.params) {
                if let Ok(mut documents) = shared.documents.lock() {
                    documents.remove(&p.text_document.uri);
                }
                if let Ok(mut analyses) = shared.analyses.lock() {
                    analyses.remove(&p.text_document.uri);
                }
                let _ = changed.send(p.text_document.uri);
            }
        }
        _ => {}
    }
}

/// The answer to a request; to one that is not understood, an error.
fn answer(shared: &Shared, request: Request) -> Response {
    let id = request.id.clone();
    let result = match request.method.as_str() {
        "textDocument/hover" => reply(request, |p: HoverParams| {
            let at = p.text_document_position_params;
            look(shared, &at.text_document.uri, |d, a| names::hover(d, a, at.position))
        }),
        "textDocument/definition" => reply(request, |p: GotoDefinitionParams| {
            let at = p.text_document_position_params;
            look(shared, &at.text_document.uri, |d, _| names::definition(d, at.position))
        }),
        "textDocument/references" => reply(request, |p: ReferenceParams| {
            let at = p.text_document_position;
            let declaration = p.context.include_declaration;
            let workspace = workspace(shared);
            look(shared, &at.text_document.uri, |d, _| {
                Some(rename::references(d, at.position, declaration, &workspace))
            })
        }),
        "textDocument/documentHighlight" => reply(request, |p: DocumentHighlightParams| {
            let at = p.text_document_position_params;
            look(shared, &at.text_document.uri, |d, _| Some(names::highlights(d, at.position)))
        }),
        "textDocument/prepareRename" => reply(request, |at: TextDocumentPositionParams| {
            look(shared, &at.text_document.uri, |d, _| rename::renamed(d, at.position))
        }),
        "textDocument/rename" => attempt(request, |p: RenameParams| {
            let at = p.text_document_position;
            let workspace = workspace(shared);
            let made =
                |d: &Document, _: Option<&Analysis>| Some(rename::rename(d, at.position, &p.new_name, &workspace));
            look(shared, &at.text_document.uri, made).transpose()
        }),
        "textDocument/completion" => reply(request, |p: CompletionParams| {
            let at = p.text_document_position;
            let point = p.context.is_some_and(|c| c.trigger_kind == CompletionTriggerKind::TRIGGER_CHARACTER);
            look(shared, &at.text_document.uri, |d, _| Some(complete::complete(d, at.position, point)))
        }),
        "textDocument/formatting" => reply(request, |p: DocumentFormattingParams| {
            look(shared, &p.text_document.uri, |d, _| Some(actions::format(d)))
        }),
        "textDocument/documentSymbol" => {
            reply(request, |p: DocumentSymbolParams| look(shared, &p.text_document.uri, |d, _| Some(names::symbols(d))))
        }
        "textDocument/codeAction" => reply(request, |p: CodeActionParams| {
            look(shared, &p.text_document.uri, |d, a| Some(actions::actions(d, a, p.range)))
        }),
        "textDocument/inlayHint" => {
            reply(request, |p: InlayHintParams| look(shared, &p.text_document.uri, |d, a| Some(actions::hints(d, a))))
        }
        "textDocument/semanticTokens/full" => {
            reply(request, |p: SemanticTokensParams| look(shared, &p.text_document.uri, |d, _| Some(tokens::tokens(d))))
        }
        other => {
            let message = format!("nat does not know {other}");
            return Response::new_err(id, lsp_server::ErrorCode::MethodNotFound as i32, message);
        }
    };
    match result {
        Ok(value) => Response::new_ok(id, value),
        Err(message) => Response::new_err(id, lsp_server::ErrorCode::InvalidParams as i32, message),
    }
}

fn reply<P: DeserializeOwned, R: Serialize>(request: Request, make: impl FnOnce(P) -> R) -> Result<Value, String> {
    attempt(request, |parameters| Ok(make(parameters)))
}

/// Of what may be refused, with why.
fn attempt<P: DeserializeOwned, R: Serialize>(
    request: Request,
    make: impl FnOnce(P) -> Result<R, String>,
) -> Result<Value, String> {
    let parameters: P = serde_json::from_value(request.params).map_err(|e| e.to_string())?;
    serde_json::to_value(make(parameters)?).map_err(|e| e.to_string())
}

/// The folders that the editor has opened.
#[expect(deprecated, reason = "editors that know no folders of a workspace name a root")]
fn folders(parameters: &InitializeParams) -> Vec<PathBuf> {
    let named = parameters.workspace_folders.iter().flatten().map(|f| &f.uri).chain(&parameters.root_uri);
    let mut all: Vec<PathBuf> = named.filter_map(|uri| uri.to_file_path().ok()).filter(|p| p.is_dir()).collect();
    all.dedup();
    all
}

/// What is open, and where.
fn workspace(shared: &Shared) -> rename::Workspace {
    let open = shared.documents.lock().map(|documents| documents.values().cloned().collect()).unwrap_or_default();
    rename::Workspace { open, folders: shared.folders.clone() }
}

/// Runs on a document and on what was found out about it.
fn look<R>(shared: &Shared, uri: &Url, make: impl FnOnce(&Document, Option<&Analysis>) -> Option<R>) -> Option<R> {
    let document = {
        let documents = shared.documents.lock().ok()?;
        let open = documents.values().map(|d| (d.name.clone(), d.source.text.to_string())).collect();
        Document { open: Arc::new(open), ..documents.get(uri).cloned()? }
    };
    let analysis = shared.analyses.lock().ok()?.get(uri).cloned();
    // What was found out about an older text may stand elsewhere in this one.
    make(&document, analysis.as_deref().filter(|a| a.version == document.version))
}

/// Checks texts in the background.
struct Worker {
    shared: Arc<Shared>,
    send: crossbeam_channel::Sender<Message>,
    refreshes: bool,
}

impl Worker {
    fn run(&self, changes: &Receiver<Url>) {
        let mut requests = 0;
        let Ok(pool) = super::run::pool(0) else { return };
        while let Ok(first) = changes.recv() {
            let mut waiting = vec![first];
            loop {
                match changes.recv_timeout(QUIET) {
                    Ok(uri) => waiting.push(uri),
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            waiting.sort();
            waiting.dedup();
            // A file that another one uses may have changed: all open texts are looked at, those that changed first, but for
            // those that read no other file.
            let mut open: Vec<(Url, Document)> = match self.shared.documents.lock() {
                Ok(documents) => documents.iter().map(|(u, d)| (u.clone(), d.clone())).collect(),
                Err(_) => return,
            };
            for gone in waiting.iter().filter(|u| !open.iter().any(|(o, _)| o == *u)) {
                self.publish(gone, Vec::new(), None);
            }
            let texts: BTreeMap<String, String> =
                open.iter().map(|(_, d)| (d.name.clone(), d.source.text.to_string())).collect();
            open.sort_by_key(|(uri, _)| !waiting.contains(uri));
            for (uri, document) in open {
                if !waiting.contains(&uri) && document.is_alone() && self.is_known(&uri, document.version) {
                    continue;
                }
                let change = self.shared.change.load(Ordering::SeqCst);
                let current = Arc::clone(&self.shared.change);
                let stale = move || current.load(Ordering::SeqCst) != change;
                let found = pool.install(|| analyse::analyse(&document, &texts, &stale));
                let Some(found) = found else { break };
                self.publish(&uri, found.diagnostics.clone(), Some(document.version));
                if let Ok(mut analyses) = self.shared.analyses.lock() {
                    analyses.insert(uri, Arc::new(found));
                }
            }
            if self.refreshes {
                requests += 1;
                let request = Request::new(requests.into(), "workspace/inlayHint/refresh".to_owned(), Value::Null);
                let _ = self.send.send(Message::Request(request));
            }
        }
    }

    /// Whether this state of a text has been looked at.
    fn is_known(&self, uri: &Url, version: i32) -> bool {
        self.shared.analyses.lock().is_ok_and(|a| a.get(uri).is_some_and(|a| a.version == version))
    }

    fn publish(&self, uri: &Url, diagnostics: Vec<lsp_types::Diagnostic>, version: Option<i32>) {
        let parameters = PublishDiagnosticsParams { uri: uri.clone(), diagnostics, version };
        let note = Notification::new("textDocument/publishDiagnostics".to_owned(), parameters);
        // An editor that has gone away needs no diagnostics.
        let _ = self.send.send(Message::Notification(note));
    }
}
