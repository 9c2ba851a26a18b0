//! The process that holds the stack, asked by several at the same time.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::{Value, json};

/// It ends with its standard input, and takes everything down.
pub struct Control {
    process: Mutex<Child>,
    asked: Arc<Mutex<Asked>>,
}

/// Who waits for an answer, by the number of the request.
#[derive(Default)]
struct Asked {
    last: u64,
    waiting: HashMap<u64, Sender<Value>>,
}

impl Control {
    /// Starts it, and waits for the line that describes the stack.
    pub fn start(mut command: Command) -> (Self, Value) {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = lines.next().expect("the stack ended; its output stands above").unwrap();
        let asked = Arc::<Mutex<Asked>>::default();
        let control = Self { process: Mutex::new(process), asked: Arc::clone(&asked) };
        thread::spawn(move || {
            for line in lines {
                let answer: Value = serde_json::from_str(&line.unwrap()).unwrap();
                let number = answer["number"].as_u64().unwrap();
                let waiting = asked.lock().unwrap().waiting.remove(&number);
                // Who asked may have failed meanwhile.
                drop(waiting.unwrap().send(answer));
            }
            asked.lock().unwrap().waiting.clear();
        });
        (control, serde_json::from_str(&ready).unwrap())
    }

    /// One command, and its answer.
    pub fn ask(&self, mut command: Value) -> Value {
        let (sender, answer) = mpsc::channel();
        {
            let mut asked = self.asked.lock().unwrap();
            asked.last += 1;
            command["number"] = json!(asked.last);
            let number = asked.last;
            asked.waiting.insert(number, sender);
        }
        {
            let process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
            writeln!(process.stdin.as_ref().unwrap(), "{command}").unwrap();
        }
        let mut answer = answer.recv().expect("the stack ended; its output stands above");
        answer.as_object_mut().unwrap().remove("number");
        answer
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Waiting closes its standard input.
        drop(self.process.get_mut().unwrap_or_else(PoisonError::into_inner).wait());
    }
}
