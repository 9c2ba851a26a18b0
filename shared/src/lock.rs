//! Locking what one thread after another changes.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Nothing panics while it holds a lock in this crate, so what a lock guards is whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
